/**
 * Marks exporters made by `standardExporters`. The stock exporters send the headers of `OTEL_EXPORTER_OTLP_HEADERS` to
 * wherever they point, so a tenant must not be given one. Registered by name, because both builds of this package can be
 * loaded in one process.
 */
export const STANDARD_EXPORTER = Symbol.for('gateway-otel.standard-exporter');

export function isStandardExporter(exporter: object): boolean {
  return (exporter as Record<symbol, unknown>)[STANDARD_EXPORTER] === true;
}
