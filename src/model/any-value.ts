/** Values as log records may hold them: any depth, any object. */

/** Containers nested deeper than this are not looked into: a cycle ends here. */
export const MAX_VALUE_DEPTH = 16;

/** True for plain objects of any realm, and for class instances that do not describe themselves. */
export function isKeyValueList(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype) return true;
  if (Object.getPrototypeOf(prototype) === null) return true;
  return (
    !(Symbol.toStringTag in value) &&
    (value as { readonly toString?: unknown }).toString === Object.prototype.toString
  );
}
