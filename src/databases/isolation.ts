/**
 * The levels of isolation that SQL knows. What is written into a statement comes from this list and from nowhere else.
 */
import type { Isolation } from './engine.ts';

export const ISOLATIONS: readonly Isolation[] = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
];
