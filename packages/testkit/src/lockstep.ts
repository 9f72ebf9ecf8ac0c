import { tidy } from '@tensorflow/tfjs-core';
import type { Communicator } from '@twocan/core';

type Call = { readonly name: string; readonly bytes: Uint8Array };

/** Thrown where a rank must wait for the others. */
const WAITS = new Error('a rank waits');

/**
 * Runs the same pure work as several ranks of one process, without MPI.
 *
 * A rank is run until it calls its communicator; once all ranks have come that far, each is run again from the beginning
 * and given what the call returns. So work must do the same each time, and is quadratic in its calls.
 *
 * @param size how many ranks
 * @param work what each rank does, in a tidy; it returns plain numbers
 * @returns what each rank's work returned
 * @throws Error where ranks do not make the same calls
 * @example
 * inLockstep(2, (communicator) => [...sumOverRanks(scalar(1), communicator).dataSync()]); // [[2], [2]]
 */
export function inLockstep<T>(size: number, work: (communicator: Communicator) => T): T[] {
  const answers: Call[] = [];
  for (;;) {
    const asked: (Call | undefined)[] = Array.from({ length: size }, () => undefined);
    const results = asked.map((_, rank) => {
      let next = 0;
      const exchange = (name: string, bytes: Uint8Array): Uint8Array => {
        const answer = answers[next++];
        if (answer !== undefined) return answer.bytes;
        asked[rank] = { name, bytes: bytes.slice() };
        throw WAITS;
      };
      try {
        let result: T[] = [];
        tidy(() => {
          result = [work(communicatorOf(rank, size, exchange))];
        });
        return result;
      } catch (error) {
        if (error !== WAITS) throw error;
        return [];
      }
    });
    if (asked.every((call) => call === undefined)) return results.flat();
    const names = asked.map((call) => call?.name ?? 'nothing');
    if (new Set(names).size > 1) throw new Error(`inLockstep: ranks call ${names.join(', ')}`);
    answers.push(answerTo(asked as Call[]));
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function communicatorOf(
  rank: number,
  size: number,
  exchange: (name: string, bytes: Uint8Array) => Uint8Array,
): Communicator {
  return {
    name: 'lockstep',
    rank,
    size,
    sum: (values) => bytesOf(values).set(exchange('sum', bytesOf(values))),
    startSum(values) {
      let total: Uint8Array | undefined = exchange('startSum', bytesOf(values));
      const wait = (): void => {
        if (total !== undefined) bytesOf(values).set(total);
        total = undefined;
      };
      // The numbers change as late as they may, so that who reads them too early finds others.
      bytesOf(values).fill(0xff);
      return { test: () => total === undefined, wait };
    },
    gather: (bytes) => exchange('gather', bytes).slice(),
    broadcast: (bytes, from) => bytes.set(exchange(`broadcast ${from}`, bytes)),
    barrier: () => void exchange('barrier', new Uint8Array()),
    abort: (code) => {
      throw new Error(`abort ${code}`);
    },
  };
}

function answerTo(calls: readonly Call[]): Call {
  const [{ name, bytes }] = calls as readonly [Call];
  if (name === 'sum' || name === 'startSum') {
    const total = new Float32Array(bytes.length / 4);
    for (const call of calls) {
      const values = new Float32Array(call.bytes.buffer);
      total.forEach((sum, i) => {
        total[i] = sum + (values[i] ?? 0);
      });
    }
    return { name, bytes: bytesOf(total) };
  }
  if (name.startsWith('broadcast')) return calls[Number(name.split(' ')[1])] as Call;
  return { name, bytes: Uint8Array.from(calls.flatMap((call) => [...call.bytes])) };
}
