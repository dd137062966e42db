/** The sampler of custom spans: a span follows its parent, and one that begins a trace goes by the gateway's own ratio. */
import type { Context } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/sdk-trace-base';
import { createRatioSampler } from '../model/ratio-sampler.js';
import { loadTraceSdk } from './load-sdk.cjs';

/** The part of `sampling` that concerns traces without a request. */
export interface RootSampling {
  readonly ratio: number;
  /** What becomes of the decision of a parent in another process. */
  readonly parent: 'follow' | 'follow-drop' | 'ignore' | undefined;
}

/** Not the SDK's ratio, which decides on another part of the id: custom and SERVER spans of one id must agree. */
export function createRootSampler({ ratio, parent }: RootSampling): Sampler {
  const { ParentBasedSampler, AlwaysOffSampler, SamplingDecision } = loadTraceSdk();
  const ratioSays = createRatioSampler(ratio);
  const { RECORD_AND_SAMPLED, NOT_RECORD } = SamplingDecision;
  const root: Sampler = {
    shouldSample: (_context: Context, traceId: string) => ({
      decision: ratioSays(traceId) ? RECORD_AND_SAMPLED : NOT_RECORD,
    }),
    toString: () => `GatewayRatio{${ratio}}`,
  };
  if (parent === 'ignore')
    return new ParentBasedSampler({ root, remoteParentSampled: root, remoteParentNotSampled: root });
  if (parent === 'follow-drop')
    return new ParentBasedSampler({
      root,
      remoteParentSampled: root,
      remoteParentNotSampled: new AlwaysOffSampler(),
    });
  return new ParentBasedSampler({ root });
}
