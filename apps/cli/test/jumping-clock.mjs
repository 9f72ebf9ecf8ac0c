// Loaded before the program (node --import): each look at the clock finds it set to another day.
const { now } = Date;
let looks = 0;
Date.now = () => now() + (looks++ % 2 === 0 ? 1 : -1) * 10 ** 9;
