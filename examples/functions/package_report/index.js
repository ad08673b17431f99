// A report on a table of packages: the event is CSV with the columns package, section, installed kilobytes.
'use strict';

exports.handler = (event, context, callback) => {
  const [head, ...rows] = event.toString('utf8').trim().split('\n');
  const columns = head.split(',');
  const sections = new Map();
  for (const line of rows) {
    const row = Object.fromEntries(line.split(',').map((value, i) => [columns[i], value]));
    const section = sections.get(row.section) || { section: row.section, packages: 0, kilobytes: 0, largest: '', of: -1 };
    const size = Number(row.kilobytes);
    section.packages += 1;
    section.kilobytes += size;
    if (size > section.of) Object.assign(section, { largest: row.package, of: size });
    sections.set(row.section, section);
  }
  if (sections.size === 0) return callback(new Error('the table has no row'));
  const bySize = [...sections.values()].sort((a, b) => b.kilobytes - a.kilobytes || (a.section < b.section ? -1 : 1));
  return callback(null, { sections: sections.size, by_size: bySize.slice(0, 3) });
};
