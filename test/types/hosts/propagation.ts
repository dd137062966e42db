import { createPropagation } from 'gateway-otel/propagation';

export type Propagation = ReturnType<typeof createPropagation>;

// @ts-expect-error A propagation has a type: it is not any.
export const wrong: Propagation = 1;
