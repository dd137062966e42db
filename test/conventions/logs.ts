/** Every log record that this library makes; rules of the logs data model and of the KnoxCall seed. */
import { GEN_AI_LOGS } from './gen-ai.js';
import { GOVERNANCE } from './governance.js';
import type { LogFact, Uses } from './facts.js';

export const INFO = 9;
export const WARN = 13;
export const ERROR = 17;
export const FATAL = 21;

/** What tells why something failed; for people of the operator's. */
const EXCEPTION: Uses = {
  'exception.type': 'conditional',
  'exception.message': 'conditional',
  'exception.stacktrace': 'recommended',
  'error.type': 'conditional',
  'event.name': 'opt-in: eventNameAttribute',
  '{ns}.request_id': 'required',
};

export const LOGS: readonly LogFact[] = [
  {
    title: '`{ns}.proxy.request`',
    eventName: '{ns}.proxy.request',
    stability: 'own',
    severity: [INFO, WARN, ERROR],
    attributes: {
      'http.request.method': 'required',
      'url.path': 'required',
      'http.response.status_code': 'conditional',
      'server.address': 'conditional',
      'error.type': 'conditional',
      'event.name': 'opt-in: eventNameAttribute',
      '{ns}.request_id': 'required',
      '{ns}.tenant_id': 'conditional',
      '{ns}.route_name': 'conditional',
      '{ns}.latency_ms': 'required',
      '{ns}.response.source': 'conditional',
      '{ns}.error_id': 'conditional',
      '{ns}.time_to_first_byte_ms': 'opt-in: timeToFirstByte',
      'http.request.body.size': 'opt-in: bodySizes',
      'http.response.body.size': 'opt-in: bodySizes',
      ...GOVERNANCE,
    },
    receivers: 'operator and tenant',
    operatorOnly: [
      '{ns}.response.source',
      '{ns}.error_id',
      '{ns}.time_to_first_byte_ms',
      'http.request.body.size',
      'http.response.body.size',
      ...Object.keys(GOVERNANCE),
    ],
  },
  {
    title: '`{ns}.webhook.delivery`',
    eventName: '{ns}.webhook.delivery',
    stability: 'own',
    severity: [INFO, WARN, ERROR],
    attributes: {
      'http.request.method': 'required',
      'http.response.status_code': 'conditional',
      'server.address': 'conditional',
      'error.type': 'conditional',
      'event.name': 'opt-in: eventNameAttribute',
      '{ns}.webhook.event_type': 'conditional',
      '{ns}.webhook.success': 'required',
      '{ns}.webhook.retry_count': 'required',
      '{ns}.tenant_id': 'conditional',
      '{ns}.request_id': 'conditional',
    },
    receivers: 'operator; tenant by `tenantRecords.webhooks`',
    operatorOnly: ['{ns}.request_id'],
  },
  {
    title: '`{ns}.security.{name}`',
    eventName: '{ns}.security.{name}',
    stability: 'own',
    severity: [INFO, WARN, ERROR, FATAL],
    attributes: {
      '{ns}.security.outcome': 'required',
      '{ns}.security.reason': 'conditional',
      '{ns}.tenant_id': 'conditional',
      '{ns}.request_id': 'conditional',
      'client.address': 'conditional',
      'event.name': 'opt-in: eventNameAttribute',
    },
    receivers: 'operator; tenant by `tenantRecords.securityEvents`',
    operatorOnly: ['{ns}.security.reason', '{ns}.request_id', 'client.address'],
  },
  {
    title: '`http.server.request.exception`',
    eventName: 'http.server.request.exception',
    stability: 'development',
    severity: [ERROR],
    attributes: { ...EXCEPTION, '{ns}.tenant_id': 'conditional', '{ns}.route_name': 'conditional' },
    receivers: 'operator',
  },
  {
    title: '`http.client.request.exception`',
    eventName: 'http.client.request.exception',
    stability: 'development',
    severity: [WARN],
    attributes: EXCEPTION,
    receivers: 'operator',
  },
  ...GEN_AI_LOGS,
  {
    title: '`{ns}.destination.test`, by `testDestination`',
    eventName: '{ns}.destination.test',
    stability: 'own',
    severity: [INFO],
    attributes: { '{ns}.test': 'required', 'event.name': 'opt-in: eventNameAttribute' },
    receivers: 'operator and tenant',
  },
];
