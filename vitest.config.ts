import { defineConfig } from 'vitest/config';

/** unit: beside the code, quick. contract and journeys: whole processes with simulated directories; chaos kills them. */
export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'dist/test-results.json' }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'shared/**/*.test.ts',
            'functions/**/*.test.ts',
            'sandbox/**/*.test.ts',
            'test/house/**/*.test.ts',
            'test/sync/**/*.test.ts',
            'test/config/**/*.test.ts',
          ],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'journeys',
          include: ['test/contract/**/*.test.ts', 'test/journeys/**/*.test.ts', 'test/chaos/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
