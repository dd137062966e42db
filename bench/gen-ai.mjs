/** Prints what `gen-ai-chunks.mjs` measures in a process of its own. */
import { startProcess } from './processes.mjs';

export async function measureChunks(rounds, core) {
  const { ask, stop } = await startProcess('gen-ai-chunks.mjs', { rounds }, core);
  const measured = await ask('measure');
  stop();
  console.log(`ns per streamed chunk, lower quartile of ${rounds} rounds`);
  console.table(
    Object.fromEntries(
      measured.map(({ format, way, bytes, bare, watched }) => [
        `${format}, ${way}`,
        {
          'bytes a chunk': bytes,
          bare: Math.round(bare),
          watched: Math.round(watched),
          over: Math.round(watched - bare),
          'watched / bare': way === 'reader' ? '–' : Number((watched / bare).toFixed(2)),
        },
      ]),
    ),
  );
  console.log(JSON.stringify({ node: process.version, rounds, measured }));
}
