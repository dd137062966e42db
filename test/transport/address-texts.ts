/** The ways to write an address. */

/** Eight groups, in hexadecimal, without leading zeros. */
export function hextets(address: Uint8Array): readonly string[] {
  return Array.from({ length: 8 }, (_, index) =>
    (((address[2 * index] ?? 0) << 8) | (address[2 * index + 1] ?? 0)).toString(16),
  );
}

/** All that a resolver, a socket or a configuration could give. */
export function textForms(address: Uint8Array): readonly string[] {
  if (address.length === 4) return [address.join('.')];
  const groups = hextets(address);
  const dotted = [...groups.slice(0, 6), address.subarray(12).join('.')];
  const forms = new Set([groups, dotted].flatMap((parts) => [parts.join(':'), ...shortened(parts)]));
  forms.add(groups.map((group) => group.padStart(4, '0')).join(':'));
  for (const form of [...forms]) forms.add(form.toUpperCase());
  return [...forms];
}

/** Each run of two or more zero groups, or a part of one, as `::`. */
function shortened(parts: readonly string[]): readonly string[] {
  const texts: string[] = [];
  for (let from = 0; from < parts.length; from++) {
    for (let to = from + 1; to <= parts.length; to++) {
      if (parts[to - 1] !== '0') break;
      texts.push(`${parts.slice(0, from).join(':')}::${parts.slice(to).join(':')}`);
    }
  }
  return texts;
}
