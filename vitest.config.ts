import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** unit: beside the code, quick. contract and journeys: whole processes with simulated directories; chaos kills them. */
export default defineConfig({
  test: {
    // Journeys wait for processes of their own more than they work: two at a time, also on two processors.
    maxWorkers: Math.max(2, Math.min(4, availableParallelism() - 1)),
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
            'test/cases/**/*.test.ts',
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
        },
      },
      // Needs Microsoft's engine beside the project: run by the continuous integration where it is there (GALSYNC_REALHOST).
      ...(process.env.GALSYNC_REALHOST
        ? [
            {
              test: {
                name: 'realhost',
                include: ['test/realhost/**/*.test.ts'],
                testTimeout: 600_000,
                hookTimeout: 600_000,
                fileParallelism: false,
              },
            },
          ]
        : []),
    ],
  },
});
