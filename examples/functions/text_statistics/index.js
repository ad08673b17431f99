// Word frequencies and reading statistics of the text that is the event. The list of common words is read once.
'use strict';
const fs = require('fs');

let common = new Set();
let loads = 0;

exports.initialize = (context, callback) => {
  common = new Set(fs.readFileSync('/code/common_words.txt', 'ascii').split('\n'));
  loads += 1;
  callback(null);
};

exports.handler = async (event, context) => {
  const text = event.toString('utf8');
  const words = (text.match(/[A-Za-z]+/g) || []).map((word) => word.toLowerCase());
  const sentences = (text.match(/[.!?]+/g) || []).length;
  let syllables = 0;
  const counts = new Map();
  for (const word of words) {
    syllables += Math.max(1, (word.match(/[aeiouy]+/g) || []).length);
    if (!common.has(word)) counts.set(word, (counts.get(word) || 0) + 1);
  }
  const ease = 206.835 - (1.015 * words.length) / sentences - (84.6 * syllables) / words.length;
  context.logger.info(`${words.length} words`);
  return {
    words: words.length,
    sentences,
    syllables,
    ease: ease.toFixed(2),
    frequent: [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 5),
    loads,
  };
};
