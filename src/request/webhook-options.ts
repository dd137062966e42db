/** What a host tells of a webhook's attempt, when it begins and when it has ended. */
import { errorTypeOf, NO_RESPONSE } from './error-type.js';
import { isInstance, type Around, type Given, type OperatorAttributes } from './given.js';
import { cleanName, cleanStatus, cutText, MAX_REQUEST_ID_LENGTH } from './limits.js';
import { isMethod, MAX_METHOD_LENGTH } from './methods.js';
import { parseUrl } from './upstream-url.js';

const DEFAULT_METHOD = 'POST';

const INFO = 9;
const WARN = 13;
const ERROR = 17;

export interface WebhookFacts {
  readonly methodAsSent: string;
  readonly url: URL | undefined;
  readonly eventType: string | undefined;
  readonly tenantId: string | undefined;
  readonly requestId: string | undefined;
  readonly startTimeMs: number | undefined;
  readonly attributes: OperatorAttributes;
}

export function readWebhook(given: Given, around: Around): WebhookFacts {
  const eventType = cleanName(given.read('eventType'));
  if (eventType === undefined) given.report('was given no eventType');
  const url = urlOf(given.read('url'));
  if (url === undefined) given.report('was given no absolute url');
  const method = given.read('method') ?? DEFAULT_METHOD;
  if (!isMethod(method)) given.report('was given a method that is none; it counts as POST');
  const startTimeMs = given.read('startTimeMs');
  return {
    methodAsSent: isMethod(method) ? cutText(method, MAX_METHOD_LENGTH) : DEFAULT_METHOD,
    url,
    eventType,
    tenantId: given.tenantId(around),
    requestId: cleanName(given.read('requestId'), MAX_REQUEST_ID_LENGTH) ?? around.requestId,
    startTimeMs: Number.isFinite(startTimeMs) ? (startTimeMs as number) : undefined,
    attributes: given.operatorAttributes(),
  };
}

/** Only what is meant as one: any object has some text. */
function urlOf(value: unknown): URL | undefined {
  return typeof value === 'string' || isInstance(value, URL) ? parseUrl(value) : undefined;
}

export interface WebhookOutcome {
  readonly statusCode: number | undefined;
  readonly errorType: string | undefined;
  readonly isSuccess: boolean;
  readonly retryCount: number;
  readonly severityNumber: number;
}

/**
 * The seed's rule for the severity; the conventions' for a client's `error.type`, by which a 4xx is an error too. What gave the
 * attempt up is an error as well: the delivery has not been made.
 */
export function readWebhookEnd(given: Given): WebhookOutcome {
  const statusCode = cleanStatus(given.read('statusCode'));
  const error = given.read('error');
  const retries = given.read('retryCount');
  const broken =
    error !== undefined ? errorTypeOf(error) : statusCode === undefined ? NO_RESPONSE : undefined;
  const isRefused = statusCode !== undefined && statusCode >= 400;
  return {
    statusCode,
    errorType: broken ?? (isRefused ? String(statusCode) : undefined),
    isSuccess: broken === undefined && statusCode !== undefined && statusCode >= 200 && statusCode < 300,
    retryCount: Number.isSafeInteger(retries) && (retries as number) > 0 ? (retries as number) : 0,
    severityNumber: broken !== undefined || (statusCode ?? 0) >= 500 ? ERROR : isRefused ? WARN : INFO,
  };
}
