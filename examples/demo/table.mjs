/** Aligned columns of plain text: numbers to the right, words to the left. */
export function tableOf(header, rows, indent = '  ') {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const isNumeric = header.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  const line = (row) =>
    row.map((cell, column) =>
      isNumeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
    );
  return cells.map((row) => (indent + line(row).join('   ')).trimEnd()).join('\n');
}
