export { type Communicator, ranksThatDiffer, solo } from '@twocan/core';
export { type Launched, launched } from './launched.ts';
export { type Share, shareOfRank } from './share.ts';
