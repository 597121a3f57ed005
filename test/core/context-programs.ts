/** What the random programs over contexts can do, beside a model of plain maps. Written in generators, and read a second time in async functions. */
import assert from 'node:assert/strict';
import * as asyncio from '../../src/index.ts';

export type Op =
  | { readonly do: 'set' | 'reset' | 'look' | 'keep' | 'yield'; readonly which: number }
  | {
      readonly do: 'call' | 'spawn' | 'eager' | 'given' | 'callback' | 'run' | 'enter';
      readonly async: boolean;
      readonly which: number;
      readonly body: readonly Op[];
    };

/** What a context should hold: the number of each variable. */
type Model = Map<number, number>;

export interface World {
  readonly loop: asyncio.EventLoop;
  readonly variables: readonly asyncio.ContextVar<number>[];
  readonly counter: { value: number };
  /** Contexts that were copied on the way, with what they should hold for good. */
  readonly kept: { readonly context: asyncio.Context; readonly values: readonly number[] }[];
  begin(async: boolean, world: World, model: Model, body: readonly Op[]): asyncio.CoroutineObject<void>;
}

function look(world: World, model: Model): void {
  const seen = world.variables.map((variable) => variable.get());
  assert.deepEqual(seen, valuesOf(world, model));
}

/** In a task, not in a context that it has entered. */
function lookInTask(world: World, model: Model): void {
  look(world, model);
  const own = asyncio.currentTask()?.getContext() as asyncio.Context;
  assert.deepEqual(read(own, world), valuesOf(world, model));
}

function valuesOf(world: World, model: Model): number[] {
  return world.variables.map((_, index) => model.get(index) ?? -1);
}

export function read(context: asyncio.Context, world: World): number[] {
  return world.variables.map((variable) => context.get(variable, -1));
}

/** The steps that take no time, as a callback does them too. */
function act(
  world: World,
  model: Model,
  tokens: [number, asyncio.Token<number>, number | undefined][],
  op: Op,
): void {
  const variable = world.variables[op.which] as asyncio.ContextVar<number>;
  if (op.do === 'set') {
    const value = world.counter.value++;
    tokens.push([op.which, variable.set(value), model.get(op.which)]);
    model.set(op.which, value);
  } else if (op.do === 'reset') {
    const last = tokens.pop();
    if (last === undefined) return;
    const [index, token, before] = last;
    world.variables[index]?.reset(token);
    if (before === undefined) model.delete(index);
    else model.set(index, before);
  } else if (op.do === 'keep') {
    world.kept.push({ context: asyncio.copyContext(), values: valuesOf(world, model) });
  }
}

function inCallback(world: World, model: Model, body: readonly Op[]): void {
  const tokens: [number, asyncio.Token<number>, number | undefined][] = [];
  look(world, model);
  for (const op of body) {
    if (op.do === 'callback') world.loop.callSoon(inCallback, world, new Map(model), op.body);
    else if (op.do === 'run') asyncio.copyContext().run(inCallback, world, new Map(model), op.body);
    else if (op.do === 'spawn') asyncio.createTask(world.begin(op.async, world, new Map(model), op.body));
    else act(world, model, tokens, op);
    look(world, model);
  }
}

export function* interpret(world: World, model: Model, body: readonly Op[]): asyncio.Coroutine<void> {
  const tokens: [number, asyncio.Token<number>, number | undefined][] = [];
  look(world, model);
  for (const op of body) {
    switch (op.do) {
      case 'yield':
        yield* asyncio.sleep(op.which % 2);
        break;
      case 'call':
        yield* world.begin(op.async, world, model, op.body);
        break;
      case 'spawn':
        asyncio.createTask(world.begin(op.async, world, new Map(model), op.body));
        break;
      case 'eager':
        asyncio.createTask(world.begin(op.async, world, new Map(model), op.body), { eagerStart: true });
        break;
      case 'given': {
        const context = asyncio.copyContext();
        const values = new Map(model);
        yield* asyncio.createTask(world.begin(op.async, world, values, op.body), { context });
        assert.deepEqual(read(context, world), valuesOf(world, values));
        break;
      }
      case 'callback':
        world.loop.callSoon(inCallback, world, new Map(model), op.body);
        break;
      case 'run':
        asyncio.copyContext().run(inCallback, world, new Map(model), op.body);
        break;
      case 'enter': {
        const context = asyncio.copyContext();
        const values = new Map(model);
        context.run(inCallback, world, values, op.body);
        assert.deepEqual(read(context, world), valuesOf(world, values));
        break;
      }
      default:
        act(world, model, tokens, op);
    }
    if (op.do !== 'look' || op.which > 0) lookInTask(world, model);
    else look(world, model);
  }
}
