/** Lists of origins, as `URL` writes them. */
import { fault } from '../model/configuration-error.js';
import { asTextList } from './checks.js';
import { parseEndpoint } from './endpoint.js';

/** Reads `https://api.vendor.example`, with a port where it is not the scheme's. */
export function resolveOrigins(value: unknown, option: string): ReadonlySet<string> {
  const texts = value === undefined ? [] : asTextList(value, option);
  return new Set(
    texts.map((text, index) => {
      // The address of a collector, which would be made of it, is another origin: a rule without effect.
      if (!text.includes('://'))
        throw fault(
          `${option}[${index}]`,
          'has no scheme: write it as tenants do, as in https://api.vendor.example',
        );
      const url = parseEndpoint(text, `${option}[${index}]`);
      if (url.pathname !== '/' || url.search !== '' || text.includes('#'))
        throw fault(`${option}[${index}]`, 'must be a scheme, a host and a port, without path and query');
      // A pattern would be taken for a name that nobody has.
      if (url.hostname.includes('*'))
        throw fault(`${option}[${index}]`, 'must be one origin: * does not stand for names here');
      return url.origin;
    }),
  );
}
