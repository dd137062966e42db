/** Route templates such as `/orgs/:org/users/:id`, and the paths that they stand for. */

/** Without query, and without the origin that a proxy's client sends. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return (end < 0 ? url : url.slice(0, end)).replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '');
}

const SLASH = 0x2f;

/** A client may send thousands of slashes, through which `/\/+$/` goes once for each of them. */
function segmentsOf(path: string): readonly string[] {
  let end = path.length;
  while (path.charCodeAt(end - 1) === SLASH) end--;
  return path.slice(0, end).split('/');
}

/** Could this path have matched the template? From the first segment with a pattern of its own on, it could. */
export function fits(template: string, path: string): boolean {
  const wanted = segmentsOf(template);
  const given = segmentsOf(path);
  for (const [index, segment] of wanted.entries()) {
    const isParameter = /^:\w+$/.test(segment);
    if (!isParameter && /[:*(){}?+]/.test(segment)) return true;
    const value = given[index];
    if (value === undefined || (isParameter ? value === '' : !isSame(segment, value))) return false;
  }
  return wanted.length === given.length;
}

const isSame = (a: string, b: string): boolean => a === b || a.toLowerCase() === b.toLowerCase();
