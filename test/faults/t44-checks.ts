/** T44: what holds after every command, and at the end. */
import { BOUNDS, LARGEST_BYTES, PLACES, type Flush, type Part, type World } from './t44-bench.js';
import { check } from './t44-model.js';

export function checkInvariants(world: World): void {
  for (const { health, healthModel } of world.places) check(health.state === healthModel.state, health.state);
  let tenantsBytes = 0;
  let tenantsRequests = 0;
  let isAnyEvictable = false;
  for (const { lane, model, place, maxBytes } of world.subjects) {
    const { queue } = lane;
    const held = `${model.name} holds ${queue.bytes} of ${maxBytes} bytes, ${queue.buffered} items`;
    model.checkLedger(queue.ledger());
    const isLogs = model.name.endsWith('logs');
    const isOver = queue.bytes > maxBytes || (isLogs && queue.buffered > BOUNDS.maxItems);
    // Over it, all is in flight, except for the one record that came last, or the two halves of one part.
    if (isLogs && isOver) check(model.waiting.length <= 1, held);
    check(queue.bytes <= BOUNDS.maxBytes + 2 * LARGEST_BYTES, held);
    check(!queue.isEmpty || queue.bytes === 0, held);
    if (!place.isTenant) continue;
    tenantsBytes += queue.bytes;
    tenantsRequests += model.inFlight.size;
    isAnyEvictable ||= queue.oldestMs !== undefined;
  }
  const { budget, budgetBytes, tenantsPlaces } = world;
  check(budget.bytes === tenantsBytes, `the budget has ${budget.bytes} of ${tenantsBytes} bytes`);
  check(
    tenantsBytes <= budgetBytes || !isAnyEvictable,
    `tenants hold ${tenantsBytes} of ${budgetBytes} bytes`,
  );
  check(
    tenantsPlaces.taken === tenantsRequests,
    `${tenantsPlaces.taken} places for ${tenantsRequests} requests`,
  );
  check(tenantsPlaces.taken <= PLACES, `${tenantsPlaces.taken} places taken`);
}

const isSettled = ({ subject, upTo }: Flush): boolean =>
  [...subject.model.waiting, ...[...subject.model.inFlight].flat()].every((id) => id >= upTo);

/** Its destination pauses, and nothing of it is under way. */
const isGivenUp = ({ subject: { lane, model, place } }: Flush): boolean =>
  model.inFlight.size === 0 && place.health.isPaused(lane.signal);

/** No flush resolves early; with a tick, none late. */
export function checkFlushes(world: World, isAfterTick: boolean): void {
  world.flushes = world.flushes.filter((flush) => {
    const isDone = isSettled(flush) || isGivenUp(flush);
    const { name } = flush.subject.model;
    if (flush.isResolved) check(isDone, `${name}: flush did not wait`);
    else if (isAfterTick) check(!isDone, `${name}: flush is not over`);
    return !flush.isResolved;
  });
}

/** A reading is told once what became of each of its parts. */
function checkPart({ ids, subject, results }: Part): void {
  const lost = ids.filter((id) => subject.model.lost.has(id)).length;
  const expected = lost === 0 ? 'accepted' : lost === ids.length ? 'lost' : 'partly';
  check(
    String(results) === expected,
    `a part of which ${lost} of ${ids.length} were lost: ${String(results)}`,
  );
}

/** Everybody answers: whatever came before, what is left is delivered or becomes too old, and nothing is held any more. */
export function checkEnd(world: World): void {
  world.limitBudget(1);
  for (const subject of world.subjects) world.limitBytes(subject, 1);
  for (const place of world.places) world.revive(place);
  // Six requests a minute may not be enough for all of it; then the rest becomes too old.
  const mostSeconds = BOUNDS.maxAgeMs / 1_000 + 30;
  const isDone = (): boolean => world.subjects.every(({ lane }) => lane.isEmpty);
  for (let seconds = 0; seconds < mostSeconds && !isDone(); seconds++) {
    world.nowMs += 1_000;
    world.tick();
    do {
      for (const one of [...world.underWay]) world.settle(one, { kind: 'delivered', rejected: 0 });
    } while (world.turn());
  }
  for (const { lane, model } of world.subjects)
    check(lane.isEmpty, `${model.name} still holds ${model.left}`);
  check(world.tenantsPlaces.taken === 0 && world.budget.bytes === 0, 'all places and bytes are given back');
  for (const part of world.parts) checkPart(part);
}
