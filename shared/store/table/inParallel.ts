/** How many calls to one table a store has in the air at once: far below what one partition bears, enough to hide latency. */
const WIDTH = 8;

/** Does the work for each item, some at a time, in any order; throws the first error after the others in the air have ended. */
export async function inParallel<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items].values();
  let failed: { readonly error: unknown } | null = null;
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  const first = failed as { readonly error: unknown } | null;
  if (first) throw first.error;
}
