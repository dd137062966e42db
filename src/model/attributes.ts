/**
 * What an attribute may hold: the common attribute values of OpenTelemetry
 * (a primitive, or an array of one kind of primitive).
 */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly (string | null | undefined)[]
  | readonly (number | null | undefined)[]
  | readonly (boolean | null | undefined)[];

/** Attribute keys and values. Arguments of this type are read during the call and never kept or changed. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Attributes while they are being built, owned by the one who builds them. */
export type MutableAttributes = Record<string, AttributeValue>;
