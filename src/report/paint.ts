// Paint: what emphasis looks like. The one file that knows chalk.
//
// chalk looks at the environment by itself when it is imported; its verdict is not used: the caller decides the
// level (NO_COLOR, CI, pipes, dumb terminals) and a Chalk of that level is made. Level 0 gives plain text.
// Blue is good and orange is bad, as in the picture that the tool is named for, and both are told apart by people
// who do not see red from green. Nothing is said by colour alone.
import { Chalk, type ChalkInstance } from 'chalk';

/** 0 none, 1 sixteen colours, 2 two hundred and fifty-six, 3 all of them. */
export type ColourLevel = 0 | 1 | 2 | 3;

export type Style =
  | 'bold'
  | 'dim'
  | 'good'
  | 'bad'
  | 'warn'
  | 'goodBadge'
  | 'badBadge'
  | 'warnBadge'
  /** Good in front of bad: a block of the chart that is partly each. */
  | 'goodOnBad';

/** A function a style, from plain text to painted text. */
export type Paint = Readonly<Record<Style, (text: string) => string>> & { readonly level: ColourLevel };

export function paintFor(level: ColourLevel): Paint {
  const chalk = new Chalk({ level });
  const { good, bad, warn, onGood, onBad, onWarn, ink } = palette(chalk, level);
  return {
    level,
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    good: (text) => good(text),
    bad: (text) => bad(text),
    warn: (text) => warn(text),
    goodBadge: (text) => onGood(ink.bold(text)),
    badBadge: (text) => onBad(ink.bold(text)),
    warnBadge: (text) => onWarn(ink.bold(text)),
    goodOnBad: (text) => onBad(good(text)),
  };
}

type Colour = 'good' | 'bad' | 'warn' | 'onGood' | 'onBad' | 'onWarn' | 'ink';

/** Sixteen colours have no orange: yellow stands for it, and the middle level is told by its word. */
function palette(chalk: ChalkInstance, level: ColourLevel): Record<Colour, ChalkInstance> {
  if (level <= 1) {
    return {
      good: chalk.blueBright,
      bad: chalk.yellow,
      warn: chalk.magenta,
      onGood: chalk.bgBlueBright,
      onBad: chalk.bgYellow,
      onWarn: chalk.bgMagenta,
      ink: chalk.black,
    };
  }
  return {
    good: chalk.hex('#4c8dff'),
    bad: chalk.hex('#ff8c1a'),
    warn: chalk.hex('#c9a0ff'),
    onGood: chalk.bgHex('#4c8dff'),
    onBad: chalk.bgHex('#ff8c1a'),
    onWarn: chalk.bgHex('#c9a0ff'),
    ink: chalk.hex('#101418'),
  };
}
