/** The host's own redaction, as the option `redact` takes it. */

/** An event of a span. */
export interface RedactableEvent {
  readonly name: string;
  readonly attributes: Record<string, unknown>;
}

/**
 * One record that is about to be handed over: a copy, whose attributes may be changed and deleted. What is left is cut to the
 * limits again. Ids, times and names are not part of it.
 */
export interface RedactionItem {
  readonly signal: 'span' | 'log';
  /** Who is going to receive it. Where operator and tenant receive a record, each copy is an item of its own. */
  readonly audience: 'operator' | 'tenant';
  /** The span's name, or the log record's event name; empty where there is none. */
  readonly name: string;
  readonly attributes: Record<string, unknown>;
  /** A log record's. Of a request it holds the path; where only `url.path` is changed, it follows. */
  body: unknown;
  /** A span's description of its status. */
  statusMessage: string | undefined;
  /** A span's; what is taken out of the list is not sent. */
  readonly events: RedactableEvent[];
  /** Attributes of a span's links. */
  readonly links: { readonly attributes: Record<string, unknown> }[];
}

/** `false`: the record is not to be sent. Nothing, or `true`: it is, as it is now. */
export type Redact = (item: RedactionItem) => boolean | void;
