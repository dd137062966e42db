import { startOtlpReceiver } from 'gateway-otel/testing';

export type Receiver = Awaited<ReturnType<typeof startOtlpReceiver>>;
export const start: () => unknown = () => startOtlpReceiver();

// @ts-expect-error The receiver has a type: it is not any.
export const wrong: Receiver = 1;
