import { createGatewayTelemetry } from 'gateway-otel';
import { undiciTelemetry } from 'gateway-otel/undici';

/** As far as undici's own types go, without them. */
interface DispatchOptions {
  origin?: string | URL;
  path: string;
  headers?: Record<string, string | string[] | undefined> | string[] | null;
}
interface DispatchHandler {
  onRequestStart?(controller: { abort(reason: Error): void }, context: unknown): void;
}
type Dispatch = (options: DispatchOptions, handler: DispatchHandler) => boolean;
interface Dispatcher {
  compose(...interceptors: ((dispatch: Dispatch) => Dispatch)[]): Dispatcher;
}

declare const dispatcher: Dispatcher;
const telemetry = createGatewayTelemetry({
  serviceName: 'edge',
  operator: { endpoint: 'http://localhost:4318' },
});

export const composed = dispatcher.compose(
  undiciTelemetry(telemetry),
  undiciTelemetry(telemetry, { exchange: ({ path }) => (path === '/' ? undefined : telemetry.current()) }),
);
