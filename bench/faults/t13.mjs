/** T13: the collector takes a request with 200 and says in the body that it has thrown records away. */
import { mapRows } from './rows.mjs';

const RECORDS = 5;
const SOME = 2;
const ARRIVE_MS = 10_000;
const MESSAGE = Buffer.from('too old');

export const title = `${RECORDS} records, answered with 200 and a partial success`;
export const settings = {};
export const rows = {
  [`${SOME} of ${RECORDS} rejected`]: { answer: ({ response }) => reject(response, SOME) },
  [`all ${RECORDS} rejected`]: { answer: ({ response, records }) => reject(response, records) },
};

/** Field 1 of all three export responses: how many (field 1), and why (field 2). All lengths fit into one byte. */
function reject(response, records) {
  const partialSuccess = [0x08, records, 0x12, MESSAGE.length, ...MESSAGE];
  const body = Buffer.from([0x0a, partialSuccess.length, ...partialSuccess]);
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(body);
}

export async function run({ name, gateway, untilAllBegun, requestsUntil }) {
  for (let count = 0; count < RECORDS; count++) await gateway.ask('record');
  await gateway.ask('drain');
  await untilAllBegun();
  const total = (seen) => seen.reduce((sum, { records }) => sum + records, 0);
  const requests = await requestsUntil((seen) => total(seen) >= RECORDS, ARRIVE_MS);
  const accounts = await gateway.ask('accounts');
  const words = await gateway.ask('reports');
  return {
    ...mapRows(accounts, ({ delivered, rejected }, row) => {
      // In several batches, `SOME` would have been rejected of each.
      if (requests[row].length !== 1 || total(requests[row]) !== RECORDS)
        throw new Error(`${name}: "${row}" needs one request with ${RECORDS} records.`);
      return { 'reported as delivered (SUCCESS)': delivered, 'reported as rejected': rejected };
    }),
    'both together': { 'lines of diagnostics': words },
  };
}
