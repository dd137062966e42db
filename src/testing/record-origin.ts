import { attributesOf } from './attribute-values.js';
import type { ReceivedAttributes } from './attribute-values.js';
import type { DecodedMessage } from './decode-request.js';
import { childOf, childrenOf, textOf } from './decoded-tree.js';

/**
 * Headers of a request: a null-prototype object by lower-case name; a repeated header is joined with `, `.
 */
export type ReceivedHeaders = Readonly<Record<string, string>>;

/** The instrumentation scope that a record was sent under. */
export interface ReceivedScope {
  /** Empty when not sent. */
  readonly name: string;
  readonly version?: string;
  readonly attributes: ReceivedAttributes;
}

/** Where a record comes from. Part of every received span, log record and metric point. */
export interface ReceivedOrigin {
  readonly scope: ReceivedScope;
  /** The attributes of the resource. */
  readonly resource: ReceivedAttributes;
  /** The schema URL of the scope's group. */
  readonly schemaUrl?: string;
  /** The schema URL of the resource's group. */
  readonly resourceSchemaUrl?: string;
  /** The headers of the request that brought the record. */
  readonly requestHeaders: ReceivedHeaders;
}

/** Field names of the two group levels, which differ by signal. */
export interface GroupFields {
  readonly resources: string;
  readonly scopes: string;
}

/** Every scope group of a request together with where its records come from. */
export function scopeGroupsOf(
  request: DecodedMessage,
  fields: GroupFields,
  requestHeaders: ReceivedHeaders,
): readonly { readonly group: DecodedMessage; readonly origin: ReceivedOrigin }[] {
  return childrenOf(request, fields.resources).flatMap((perResource) => {
    const resource = attributesOf(childOf(perResource, 'resource'));
    const resourceSchemaUrl = textOf(perResource, 'schemaUrl');
    return childrenOf(perResource, fields.scopes).map((group) => {
      const schemaUrl = textOf(group, 'schemaUrl');
      const origin: ReceivedOrigin = {
        scope: scopeOf(childOf(group, 'scope')),
        resource,
        ...(schemaUrl !== '' && { schemaUrl }),
        ...(resourceSchemaUrl !== '' && { resourceSchemaUrl }),
        requestHeaders,
      };
      return { group, origin };
    });
  });
}

function scopeOf(scope: DecodedMessage | undefined): ReceivedScope {
  const version = textOf(scope, 'version');
  return {
    name: textOf(scope, 'name'),
    ...(version !== '' && { version }),
    attributes: attributesOf(scope),
  };
}
