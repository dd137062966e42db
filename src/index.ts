/** The main door of `gateway-otel`. */
export { createGatewayTelemetry, readGenAiRequest, standardExporters } from './gateway-telemetry.js';
export type {
  ExceptionOptions,
  GatewayOptions,
  GatewayPropagationOptions,
  ResponseHeaderOptions,
  RuntimeLogOptions,
  SamplingOptions,
  TenantRecordOptions,
} from './config/options.js';
export type { GenAiRecordOptions } from './config/gen-ai-options.js';
export type { MetricOptions } from './config/metric-options.js';
export type { TrustProxy } from './config/trust-proxy.js';
export type { ClientAddressDetail, TrustedHop } from './model/arrival-rules.js';
export type { Attributes, AttributeValue } from './model/attributes.js';
export type {
  Destination,
  DestinationHeaders,
  DestinationTls,
  Destinations,
  ReadyMadeExporter,
  ReadyMadeExportResult,
  SignalEndpoint,
  TenantEgress,
  TenantEgressRules,
  TenantLookup,
  TenantRecord,
} from './model/destination.js';
export type { DestinationFilter, DestinationSampling } from './model/destination-selection.js';
export type {
  DestinationTestOptions,
  DestinationTestOutcome,
  DestinationTestResult,
  SignalTestResult,
} from './model/destination-test.js';
export type { Diagnostic, DiagnosticCode, DiagnosticListener } from './model/diagnostic.js';
export type {
  BeginOptions,
  EmitterLike,
  EndOptions,
  Exchange,
  HeaderValue,
  ReadableHeaders,
  UpstreamCall,
  UpstreamCallOptions,
  UpstreamConnection,
  UpstreamFacts,
  WritableHeaders,
} from './model/exchange.js';
export type {
  GenAiAgent,
  GenAiAsked,
  GenAiCall,
  GenAiEnd,
  GenAiHead,
  GenAiOperation,
  GenAiOptions,
  GenAiPriced,
  GenAiRequest,
  GenAiResponse,
  GenAiTool,
  McpCall,
} from './model/gen-ai.js';
export type { GenAiUsage } from './model/gen-ai-answer.js';
export type { GenAiSemconv } from './model/gen-ai-names.js';
export type {
  Attribution,
  BudgetFact,
  CostFact,
  EvaluationFact,
  GovernanceFacts,
  PolicyFact,
  PolicyResult,
} from './model/governance.js';
export type { HostSpanProcessor } from './model/host-span-processor.js';
export type { Keep, KeepRule, KeptRequest } from './model/keep.js';
export type { DropReason, Ledger } from './model/ledger.js';
export type { LogAttributes, Logger, LogMethod, LogRecord } from './model/logger.js';
export type { LogLevel } from './model/log-level.js';
export type { AttributionDimension, FurtherMetric, MetricAttribute } from './model/metric-choices.js';
export type { Outcome } from './model/outcome.js';
export type {
  BaggagePolicy,
  CustomFormatName,
  HeaderFormat,
  PropagationFormat,
  PropagationOptions,
} from './model/propagation.js';
export type { DeliveryOptions, QueueOptions } from './model/queue-options.js';
export type { LimitOptions } from './model/record-limits.js';
export type { RedactableEvent, Redact, RedactionItem } from './model/redaction.js';
export type { DetectedResource, ResourceDetector, ResourceDetectorName } from './model/resource-detector.js';
export type {
  ClientSpanAttributeOptions,
  ServerSpanAttributeOptions,
  SpanAttributeOptions,
  SpanHeaderOptions,
} from './model/span-attributes.js';
export type { Signal } from './model/signal.js';
export type {
  DestinationState,
  DestinationStateEvent,
  DestinationStateListener,
  DestinationStatus,
  FlushOptions,
  FlushResult,
  SignalStatus,
  TelemetryStatus,
  TenantStatus,
} from './model/status.js';
export type {
  AdapterFacts,
  AdapterOptions,
  GatewayTelemetry,
  HeaderText,
  InstrumentedHandler,
  ValueOrCallback,
} from './model/telemetry.js';
export type { Trust } from './model/trust.js';
export type { ServerError, ServerErrorListener } from './model/server-error.js';
export type { ServiceIdentity } from './model/service-identity.js';
export type { SecurityEvent, SecurityOutcome, SecuritySeverity } from './model/security-event.js';
export type { StoredParent, WebhookDelivery, WebhookEnd, WebhookOptions } from './model/webhook.js';
export type { ConfigurationError } from './model/configuration-error.js';
