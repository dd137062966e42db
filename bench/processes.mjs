/** Child processes that answer questions, each held on one core where the machine allows it. */
import { fork, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Cores: the measured process alone on the first; load, upstream and collector on the second. */
export const MEASURED_CORE = 0;
export const OTHERS_CORE = 1;

/** `undefined` when processes can be pinned, otherwise the reason why not. */
export function whyNotPinned() {
  if (availableParallelism() < 2) return 'there is only one core';
  for (const core of [MEASURED_CORE, OTHERS_CORE]) {
    const { error, status } = spawnSync('taskset', ['-c', String(core), process.execPath, '--version']);
    if (error !== undefined) return 'taskset is not installed';
    if (status !== 0) return `taskset may not use core ${core}`;
  }
  return undefined;
}

/** Moves this process, all its threads, to a core. */
export function pinSelf(core) {
  spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)]);
}

/**
 * Starts a module of this folder and resolves with `ask(question)` and what it answered to `ready`. `argument.execArgv`:
 * options of Node itself, unless it is held on a core.
 */
export async function startProcess(file, argument, core) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const args = [path, JSON.stringify(argument)];
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
  const child =
    core === undefined
      ? fork(args[0], args.slice(1), { stdio, execArgv: argument.execArgv ?? [] })
      : spawn('taskset', ['-c', String(core), process.execPath, ...args], { stdio });
  const name = argument.name ?? file;
  const waiting = [];
  let ended = false;
  child.on('message', ({ error, answer }) => {
    const { resolve, reject } = waiting.shift();
    if (error === undefined) resolve(answer);
    else reject(new Error(`${name}: ${error}`));
  });
  child.on('exit', (code, signal) => {
    ended = true;
    for (const { reject } of waiting.splice(0)) reject(new Error(`${name} ended early (${signal ?? code}).`));
  });
  const ask = (question) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(new Error(`${name} ended early.`));
      waiting.push({ resolve, reject });
      if (question !== undefined) child.send(question);
    });
  const stop = () => {
    if (child.connected) child.disconnect();
  };
  // The first message comes by itself, so that no question can be sent before someone listens.
  return { ...(await ask()), name, ask, stop };
}

/** The child's side: answers the questions by name, says `ready` now, ends with the parent. */
export function answerParent({ ready, ...answers }) {
  process.on('message', async (question) => {
    try {
      process.send({ answer: await answers[question]() });
    } catch (error) {
      process.send({ error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
  process.send({ answer: ready() });
}
