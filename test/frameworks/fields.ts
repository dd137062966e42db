/** What the tests of one framework look at. */
import type { TestGateway } from '../support/gateway.js';

/** Name, route, status and error of each span, in the order of the paths. */
export async function spansOf(gateway: TestGateway): Promise<readonly string[]> {
  await gateway.flush();
  return [...gateway.operator.spans]
    .sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1))
    .map(({ name, attributes }) => {
      const fields = ['http.route', 'http.response.status_code', 'error.type'].map((key) =>
        key in attributes ? (attributes[key] as string | number) : '-',
      );
      return [name, ...fields].join(' | ');
    });
}

const pathOf = ({ attributes }: { readonly attributes: Readonly<Record<string, unknown>> }): string =>
  attributes['url.path'] as string;
