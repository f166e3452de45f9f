import { expect, test, vi } from "vitest";
import { batched } from "../../../supabase/functions/worker/tasks/batched.ts";

const double = async (numbers: readonly number[]) => numbers.map((number) => 2 * number);
const settled = (promises: Promise<unknown>[]) =>
  Promise.allSettled(promises).then((results) => results.map(({ status }) => status));

test("calls of one moment are one batch, and each gets its own result", async () => {
  const work = vi.fn(double);
  const call = batched(work, { max: 10, atOnce: 1 });
  expect(await Promise.all([1, 2, 3].map(call))).toEqual([2, 4, 6]);
  expect(work.mock.calls).toEqual([[[1, 2, 3]]]);
  expect(await call(4)).toBe(8);
});

test("what comes while batches are under way waits for the next, which is no larger than it may be", async () => {
  const sizes: number[] = [];
  let running = 0;
  let most = 0;
  const work = async (numbers: readonly number[]) => {
    sizes.push(numbers.length);
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return double(numbers);
  };
  const call = batched(work, { max: 4, atOnce: 2 });
  const numbers = Array.from({ length: 21 }, (_, index) => index);
  expect(await Promise.all(numbers.map(call))).toEqual(await double(numbers));
  expect([Math.max(...sizes), most]).toEqual([4, 2]);
});

test("a batch that fails is done one by one: only the call at fault fails", async () => {
  const work = async (numbers: readonly number[]) => {
    if (numbers.includes(2)) throw new Error("two");
    return double(numbers);
  };
  const call = batched(work, { max: 10, atOnce: 1 });
  expect(await settled([1, 2, 3].map(call))).toEqual(["fulfilled", "rejected", "fulfilled"]);
  await expect(call(2)).rejects.toThrow("two");
  expect(await call(1)).toBe(2);
});

test("a batch with too few results is none", async () => {
  const call = batched(async (numbers: readonly number[]) => numbers.slice(1), {
    max: 10,
    atOnce: 1,
  });
  expect(await settled([1, 2].map(call))).toEqual(["rejected", "rejected"]);
});
