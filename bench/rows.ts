/**
 * The rows of the table: which scenario at which size, what one operation is, and the count that a correct run reaches.
 */
import { SWITCHERS, TREE_BRANCHES, TREE_KINDS, type TreeKind, TreeWork } from './work.ts';

export type Group = 'operations' | 'tree' | 'memory' | 'flat';

export interface Row {
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  /** The name the systems give it. */
  readonly scenario: string;
  readonly size: number;
  /** The size of the warm-up runs. */
  readonly warm: number;
  /** Smaller sizes for systems that would take minutes; their figure is still per operation. */
  readonly scaled: Readonly<Record<string, number>>;
  /** How many operations a run of this size is; the figure shown is seconds per operation. */
  ops(size: number): number;
  /** The count that a correct run of this size reports. */
  expected(size: number): number;
  /** The most repetitions; the long rows take fewer. */
  readonly repetitions: number;
  /** Only these systems are measured, when given. */
  readonly systems?: readonly string[];
}

const TREE_LEVELS = 6;
const TREE_WARM_LEVELS = 5;
export const FLAT_SIZES = [1_000, 10_000, 100_000, 1_000_000];
const SLEEPERS = [0, 100_000, 1_000_000];

const same = (size: number): number => size;

function operation(scenario: string, title: string, size: number, rest: Partial<Row> = {}): Row {
  return {
    id: scenario,
    group: 'operations',
    title,
    scenario,
    size,
    warm: size,
    scaled: {},
    ops: same,
    expected: same,
    repetitions: Number.POSITIVE_INFINITY,
    ...rest,
  };
}

const operations: readonly Row[] = [
  operation('taskSwitch', 'task switch: 100 tasks, 1,000 times `sleep(0)` each', 1_000, {
    ops: (rounds) => rounds * SWITCHERS,
    expected: (rounds) => rounds * SWITCHERS,
  }),
  operation('spawn', 'spawn and await 10,000 tasks', 10_000),
  operation('gather', 'gather of 10,000', 10_000),
  operation('queue', 'queue ping-pong: two tasks, two unbounded queues, per message', 10_000, {
    ops: (trips) => 2 * trips,
    expected: (trips) => 2 * trips,
  }),
  operation('lock', 'lock handed over along 1,000 waiters', 1_000),
  operation('timers', '1,000,000 timers set and cancelled', 1_000_000, {
    warm: 10_000,
    scaled: { effect: 100_000, effection: 10_000 },
  }),
  operation('cancelTree', 'cancel a tree of 10,000 tasks', 10_000),
];

/** How many leaves of the whole tree sleep. */
function sleepingLeaves(kind: TreeKind, levels: number): number {
  const work = new TreeWork(kind, levels);
  for (let i = 0; i < TREE_BRANCHES ** levels; i++) work.leaf();
  return work.finish();
}

function tree(kind: TreeKind, style: keyof typeof STYLES): Row {
  return operation(`${kind}_${style}`, `\`${kind}\`, ${STYLES[style]}`, TREE_LEVELS, {
    group: 'tree',
    warm: TREE_WARM_LEVELS,
    ops: () => 1,
    expected: (levels) => sleepingLeaves(kind, levels),
  });
}

const STYLES = { gather: 'gather', group: 'TaskGroup', eager: 'gather of eager tasks' };

const trees: readonly Row[] = [
  ...TREE_KINDS.flatMap((kind) => [tree(kind, 'gather'), tree(kind, 'group')]),
  tree('none', 'eager'),
];

const memory: readonly Row[] = SLEEPERS.map((size) =>
  operation('memory', `${size.toLocaleString('en')} sleeping tasks`, size, {
    id: memoryId(size),
    group: 'memory',
    repetitions: 3,
  }),
);

const flat: readonly Row[] = Object.entries({
  manyTasks: 'tasks that give way once',
  timers: 'timers set and cancelled',
  timersFired: 'timers fired',
}).flatMap(([scenario, title]) =>
  FLAT_SIZES.map((size) =>
    operation(scenario, title, size, {
      id: flatId(scenario, size),
      group: 'flat',
      warm: Math.min(size, 10_000),
      repetitions: 3,
      systems: ['asyncio_ts', 'cpython', 'native'],
    }),
  ),
);

export function memoryId(size: number): string {
  return `memory_${size}`;
}

export function flatId(scenario: string, size: number): string {
  return `flat_${scenario}_${size}`;
}

export const ROWS: readonly Row[] = [...operations, ...trees, ...memory, ...flat];
