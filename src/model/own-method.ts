/** Methods replaced on one object, never on its class. */

export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts a look at the arguments before a method. Gives what takes it off again. */
export function lookInto(
  target: object,
  name: string,
  look: (first: unknown, second: unknown) => void,
): () => void {
  const methods = target as Record<string, Method>;
  const isOwn = Object.hasOwn(target, name);
  const original = methods[name] as Method;
  const replaced: Method = function (...args) {
    look(args[0], args[1]);
    return original.apply(this, args);
  };
  methods[name] = replaced;
  return () => {
    // Whoever has put something over it goes on calling it, and it passes everything on.
    if (methods[name] !== replaced) return;
    if (isOwn) methods[name] = original;
    // What is below it on the prototype is the original.
    else delete methods[name];
  };
}
