/** The names of `otel.sdk.*`: all are in development and may change between versions, so no other file has them. */
import type { Signal } from './signal.js';

export const ATTR_COMPONENT_TYPE = 'otel.component.type';
export const ATTR_COMPONENT_NAME = 'otel.component.name';

/** The `error.type` that a processor must use for what a full queue cost. */
export const ERROR_QUEUE_FULL = 'queue_full';

/** Where items of one signal leave. */
export interface ExporterMetricNames {
  readonly exported: string;
  readonly inFlight: string;
  readonly unit: string;
}

/** Where items of one signal wait before; the unit is the exporter's. */
export interface ProcessorMetricNames {
  readonly componentType: string;
  readonly processed: string;
  readonly queueSize: string;
  readonly queueCapacity: string;
}

export const EXPORTER_METRICS: Readonly<Record<Signal, ExporterMetricNames>> = {
  traces: {
    exported: 'otel.sdk.exporter.span.exported',
    inFlight: 'otel.sdk.exporter.span.inflight',
    unit: '{span}',
  },
  logs: {
    exported: 'otel.sdk.exporter.log.exported',
    inFlight: 'otel.sdk.exporter.log.inflight',
    unit: '{log_record}',
  },
  metrics: {
    exported: 'otel.sdk.exporter.metric_data_point.exported',
    inFlight: 'otel.sdk.exporter.metric_data_point.inflight',
    unit: '{data_point}',
  },
};

/** None for data points: the conventions know no queue of metrics. */
export const PROCESSOR_METRICS: Readonly<Partial<Record<Signal, ProcessorMetricNames>>> = {
  traces: {
    componentType: 'batching_span_processor',
    processed: 'otel.sdk.processor.span.processed',
    queueSize: 'otel.sdk.processor.span.queue.size',
    queueCapacity: 'otel.sdk.processor.span.queue.capacity',
  },
  logs: {
    componentType: 'batching_log_processor',
    processed: 'otel.sdk.processor.log.processed',
    queueSize: 'otel.sdk.processor.log.queue.size',
    queueCapacity: 'otel.sdk.processor.log.queue.capacity',
  },
};
