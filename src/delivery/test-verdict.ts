/** What an attempt's result means for whoever has configured the destination. Quotes nothing that came from outside. */
import type { SendResult } from '../model/delivery.js';
import type { DestinationTestOutcome } from '../model/destination-test.js';
import type { Target } from '../model/resolved-destination.js';
import type { Signal } from '../model/signal.js';

export interface Verdict {
  readonly outcome: DestinationTestOutcome;
  readonly message: string;
}

type Sentences = Readonly<Record<string, Verdict>>;

const verdict = (outcome: DestinationTestOutcome, message: string): Verdict => ({ outcome, message });

/** Answers without an attempt, or that an attempt did not live to see. */
export const DISABLED = verdict('disabled', 'Nothing was sent: this destination is switched off.');
export const SDK_DISABLED = verdict(
  'disabled',
  'Nothing was sent: telemetry is switched off in this gateway.',
);
export const RATE_LIMITED_HERE = verdict(
  'rate_limited_here',
  'Nothing was sent: the gateway makes a few tests at a time and thirty a minute; try again in a minute.',
);
const CROWDED = verdict(
  'rate_limited_here',
  'Nothing was sent: the gateway has as many connections there already as it opens to one place; try again in a minute.',
);
export const SHUT_DOWN = verdict('shut_down', 'The gateway is shutting down; nothing is tested any more.');
export const BLOCKED = verdict(
  'blocked',
  'This gateway does not let its tenants send there: usually only https, its usual ports and public host names are allowed.',
);
export const TIMEOUT = verdict(
  'timeout',
  'There was no whole answer in time: the endpoint is too slow, or hangs.',
);

const WRONG_PROTOCOL = verdict(
  'wrong_protocol',
  'What answers there does not speak OTLP/HTTP: it may be the port of OTLP/gRPC, or of another service.',
);
const RESET = verdict(
  'reset',
  'The connection broke before an answer came: the port may be one for https, or for OTLP/gRPC.',
);
const INTERNAL = verdict(
  'internal',
  'The gateway itself could not make the test; nothing is known of the endpoint.',
);

/** Failures before there was a status, by the sender's class. */
const BY_CLASS: Sentences = {
  blocked: BLOCKED,
  egress_guard: verdict(
    'blocked',
    'This gateway sends nothing to tenants: it cannot keep their connections apart from its own network.',
  ),
  crowded: CROWDED,
  dns: verdict('dns', 'The host name of the endpoint could not be found: is it spelled right, and public?'),
  connect: verdict(
    'connect',
    'Nothing answers at the host and port of the endpoint, or not with TLS; a firewall may be in between.',
  ),
  proxy: verdict(
    'connect',
    "The gateway's proxy did not get through to the endpoint, or does not let its tenants send there.",
  ),
  tls: verdict(
    'tls',
    'No trusted TLS connection: the certificate has to be valid, for this host name, and from a known authority or one given in tls.ca, and the port has to be one for https.',
  ),
  timeout: TIMEOUT,
  reset: RESET,
  network: RESET,
  protocol: WRONG_PROTOCOL,
  redirect: verdict(
    'redirect',
    'The endpoint redirects elsewhere, which is not followed: use the final address.',
  ),
  headers: verdict(
    'headers',
    'The function that gives the headers failed, took too long, or gave invalid ones.',
  ),
  request_too_large: verdict(
    'too_large',
    'The test record is larger than maxRequestBytes of this destination.',
  ),
  exporter: verdict('exporter', 'The exporter reported a failure.'),
};

const REJECTED = verdict('rejected', 'The endpoint refused the record');

/** What the statuses say, but for the number. 464 is a load balancer's: OTLP/gRPC is behind it. */
const BY_STATUS: Sentences = {
  ...each([401, 407], 'unauthorized', 'The endpoint does not know the credentials: check the headers'),
  ...each(
    [403],
    'unauthorized',
    'The endpoint does not allow this: check the headers, and the rights of the credentials in them',
  ),
  ...each([404, 405, 410], 'not_found', 'The endpoint has nothing for this signal at its path'),
  ...each([413], 'too_large', 'The record is too large for the endpoint'),
  ...each(
    [429],
    'rate_limited',
    'The endpoint takes no more at the moment: try again later, or raise its quota',
  ),
  ...each([426, 464, 501, 505], WRONG_PROTOCOL.outcome, 'What answers there does not take OTLP/HTTP'),
};

function each(statuses: readonly number[], outcome: DestinationTestOutcome, message: string): Sentences {
  return Object.fromEntries(statuses.map((status) => [status, verdict(outcome, message)]));
}

export function verdictOf(result: SendResult, signal: Signal, target: Target): Verdict {
  if (result.kind !== 'delivered') return failureOf(result.errorClass, signal, target);
  if (result.rejected > 0)
    return verdict(
      'rejected',
      'The endpoint took the request but not the record in it; its own log tells why.',
    );
  if (result.warning === 'not_otlp')
    return verdict(
      'wrong_protocol',
      'The endpoint said yes, but not as OTLP/HTTP does: it may be a web page or another service.',
    );
  if (target.kind === 'exporter') return verdict('ok', 'The exporter reported success.');
  return verdict('ok', 'The endpoint accepted the record.');
}

function failureOf(errorClass: string, signal: Signal, target: Target): Verdict {
  const status = /^http_(\d+)$/.exec(errorClass)?.[1];
  if (status === undefined) return BY_CLASS[errorClass] ?? INTERNAL;
  const { outcome, message } = ofStatus(Number(status), target);
  const hint = outcome === 'not_found' && target.kind === 'otlp' ? pathHint(signal, target.url) : '';
  return verdict(outcome, `${message} (status ${status}).${hint}`);
}

function ofStatus(status: number, target: Target): Verdict {
  const known = BY_STATUS[status];
  if (known !== undefined) return known;
  if (status >= 500) return verdict('unavailable', 'The endpoint has trouble of its own: try again later');
  if (status < 400) return verdict('wrong_protocol', 'What answers there does not take OTLP/HTTP');
  const isPacked = target.kind === 'otlp' && target.sending.compression === 'gzip';
  if (!isPacked || (status !== 400 && status !== 415)) {
    return status === 415
      ? verdict('wrong_protocol', 'The endpoint does not take OTLP as protobuf')
      : REJECTED;
  }
  const hint = "it may not take gzip: try compression 'none'";
  return status === 415
    ? verdict('wrong_protocol', `The endpoint does not take OTLP as protobuf, or ${hint}`)
    : verdict(REJECTED.outcome, `${REJECTED.message}; ${hint}`);
}

/** The usual mistakes, as far as the path shows them. */
function pathHint(signal: Signal, url: string): string {
  const { pathname } = new URL(url);
  const path = `/v1/${signal}`;
  // `/api/v1/otlp/v1/metrics` is a good one.
  if (/\/v1\/v1\/|\/v1\/(?:traces|logs|metrics)\/(?:.*\/)?v1\//.test(pathname))
    return ` The path is doubled: ${path} is appended to an endpoint for all signals, which ends before it; an endpoint of one signal has it once.`;
  if (!pathname.endsWith(path))
    return ` The path does not end in ${path}: nothing is appended to an endpoint of one signal.`;
  return ` Is there a part missing before ${path}?`;
}
