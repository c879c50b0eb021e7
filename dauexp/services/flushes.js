// A backend of the statsd daemon: each flush as one line of JSON, appended to the file that the
// configuration names `flushes`. A set is given by its size.
"use strict";
const fs = require("fs");

exports.init = function (startup, config, events) {
  events.on("flush", function (time, metrics) {
    const sets = {};
    for (const name in metrics.sets) {
      sets[name] = metrics.sets[name].values().length;
    }
    const { counters, gauges, timers, timer_counters } = metrics;
    const flush = { time, counters, gauges, timers, timer_counters, sets };
    fs.appendFileSync(config.flushes, JSON.stringify(flush) + "\n");
  });
  return true;
};
