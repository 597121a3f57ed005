/** Placeholder. */
import type { EngineFactory } from '../engine.ts';
export const postgresqlEngine: EngineFactory = () => {
  throw new Error('x');
};
