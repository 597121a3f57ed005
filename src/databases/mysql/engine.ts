/** Placeholder. */
import type { EngineFactory } from '../engine.ts';
export const mysqlEngine: EngineFactory = () => {
  throw new Error('x');
};
