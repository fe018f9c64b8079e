import { type Condition, type ConfigurationFault, OPERATORS } from '../model/configuration.ts';
import { compileRegex } from './condition.ts';
import { parseDateOrOffset } from './dates.ts';

const DEPTH = 8;
const TESTS = 200;
const LENGTH = 1_024;

/** Everything wrong with a condition, with JSON Pointers below `pointer`. `knows` judges attribute names. */
export function conditionFaults(
  condition: Condition,
  pointer: string,
  knows: (attribute: string) => boolean,
): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  let tests = 0;
  const walk = (node: Condition, path: string, depth: number): void => {
    if (depth > DEPTH) {
      faults.push({ path, message: `Conditions may be nested ${DEPTH} deep.`, fix: 'Flatten it: "all" in "all" can be joined.' });
      return;
    }
    if ('all' in node) for (const [n, part] of node.all.entries()) walk(part, `${path}/all/${n}`, depth + 1);
    else if ('any' in node) for (const [n, part] of node.any.entries()) walk(part, `${path}/any/${n}`, depth + 1);
    else if ('not' in node) walk(node.not, `${path}/not`, depth + 1);
    else {
      tests += 1;
      faults.push(...testFaults(node, path, knows));
    }
  };
  walk(condition, pointer, 1);
  if (tests > TESTS)
    faults.push({
      path: pointer,
      message: `A condition may have ${TESTS} tests, this one has ${tests}.`,
      fix: 'Give lists of texts as "value", or filter by group.',
    });
  return faults;
}

function testFaults(
  test: Extract<Condition, { attribute: string }>,
  path: string,
  knows: (attribute: string) => boolean,
): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  if (!OPERATORS.includes(test.operator))
    faults.push({
      path: `${path}/operator`,
      message: `There is no operator "${test.operator}".`,
      fix: `Use one of ${OPERATORS.join(', ')}.`,
    });
  if (!knows(test.attribute))
    faults.push({
      path: `${path}/attribute`,
      message: `There is no attribute "${test.attribute}".`,
      fix: 'Use a name of the reference, or "raw." with the directory\'s own name.',
    });
  const texts = typeof test.value === 'string' ? [test.value] : test.value;
  for (const [n, text] of texts.entries()) {
    const at = typeof test.value === 'string' ? `${path}/value` : `${path}/value/${n}`;
    if (text.length > LENGTH) faults.push({ path: at, message: `A text may have ${LENGTH} characters.`, fix: 'Shorten it.' });
    else if (/Regex$/.test(test.operator)) faults.push(...regexFaults(text, at));
    else if (/^Date/.test(test.operator) && parseDateOrOffset(text, new Date(0)) === null) {
      faults.push({
        path: at,
        message: `"${text.slice(0, 60)}" is no date.`,
        fix: 'Use 2026-11-25, 2026-11-25T09:00:00Z or an offset from now such as -30d.',
      });
    }
  }
  return faults;
}

function regexFaults(text: string, path: string): readonly ConfigurationFault[] {
  try {
    compileRegex(text, true);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    return [
      {
        path,
        message: `The regular expression does not compile: ${why.slice(0, 200)}`,
        fix: 'Use RE2 syntax: no look-around, no back-references.',
      },
    ];
  }
}
