/**
 * Where things were made and where tasks are suspended, as stack texts: known in debug mode only, so it is kept beside the objects and costs
 * them nothing otherwise.
 */

const made = new WeakMap<object, string>();
const suspended = new WeakMap<object, string>();

/** Note where `thing` was made. */
export function noteSource(thing: object, stack: string): void {
  made.set(thing, stack);
}

/** Where `thing` was made, innermost frame first, if that is known. */
export function sourceOf(thing: object): string | undefined {
  return made.get(thing);
}

/** In few words, for the text of a handle or future: ` created at FILE:LINE:COLUMN`, or nothing. */
export function createdAt(thing: object): string {
  const stack = made.get(thing);
  const first = stack?.split('\n', 1)[0]?.trim().replace(/^at /, '');
  return first === undefined || first === '' ? '' : ` created at ${first}`;
}

/** Note where `task` is about to suspend. */
export function noteSuspension(task: object, stack: string): void {
  suspended.set(task, stack);
}

/** Where `task` was last suspended, innermost frame first, if that is known. */
export function suspensionOf(task: object): string | undefined {
  return suspended.get(task);
}
