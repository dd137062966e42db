/** What the shared suite needs of a proxy: a real gateway built on it, with telemetry. */
import type { Server } from 'node:http';
import type { GatewayTelemetry } from '../../src/index.js';

export interface ProxyOptions {
  /** How long the upstream may be silent. Default: as long as it likes. */
  readonly timeoutMs?: number;
}

export interface ProxyUnderTest {
  /** The proxy and its version. */
  readonly name: string;
  /** Why it cannot run here. */
  readonly skipped?: string;
  /** Not listening yet. Every request goes to the upstream, as tenant `acme`; the proxy's own errors become an answer. */
  serve(telemetry: GatewayTelemetry, upstream: string, options?: ProxyOptions): Server | Promise<Server>;
  /** What the client gets where the upstream gives nothing. */
  readonly answers: {
    readonly refused: number;
    readonly reset: number;
    readonly timeout: number;
  };
  /** Ends an answer that the upstream has reset in the middle as if it were whole; else it hangs, or is broken off. */
  readonly endsBrokenAnswers?: boolean;
  /** Why its own fault keeps the suite from resetting an answer in the middle. */
  readonly breaksOnReset?: string;
  /** Why it answers `Expect: 100-continue` with an error. */
  readonly refusesExpect?: string;
}

/** Why a package for newer versions of Node cannot run here; nothing if it can. */
export function needsNode(major: number, minor: number): { readonly skipped?: string } {
  const [runningMajor = 0, runningMinor = 0] = process.versions.node.split('.').map(Number);
  const isThere = runningMajor > major || (runningMajor === major && runningMinor >= minor);
  return isThere ? {} : { skipped: `needs Node ${major}.${minor}` };
}
