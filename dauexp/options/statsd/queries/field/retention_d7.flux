// Of the users first seen 7 days before, the share that is seen on the day.
import "experimental"

active = from(bucket: bucket)
  |> range(start: first_day, stop: experimental.addDuration(d: 1d, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "user")
  |> group()
  |> window(every: 1d)
  |> distinct()
  |> duplicate(column: "_start", as: "_time")
  |> window(every: inf)

// For each user, seven days after the first, and whether that day is among the user's.
joined = active
  |> group(columns: ["_value"])
  |> sort(columns: ["_time"])
  |> reduce(
    fn: (r, accumulator) => ({
      seventh: if accumulator.seventh > 0 then accumulator.seventh
        else int(v: experimental.addDuration(d: 7d, to: r._time)),
      retained: if int(v: r._time) == accumulator.seventh then 1.0 else accumulator.retained,
    }),
    identity: {seventh: 0, retained: 0.0},
  )
  |> group()

// Days on which nobody was new seven days before are there by the rows of all who are active.
union(tables: [
  active |> map(fn: (r) => ({day: r._time, users: 0.0, retained: 0.0})),
  joined |> map(fn: (r) => ({day: time(v: r.seventh), users: 1.0, retained: r.retained})),
])
  |> filter(fn: (r) =>
    r.day >= experimental.addDuration(d: 7d, to: first_day) and r.day <= last_day
  )
  |> group(columns: ["day"])
  |> reduce(
    fn: (r, accumulator) => ({
      users: accumulator.users + r.users,
      retained: accumulator.retained + r.retained,
    }),
    identity: {users: 0.0, retained: 0.0},
  )
  |> map(fn: (r) => ({
    day: r.day,
    value: if r.users > 0.0 then r.retained / r.users else 0.0,
  }))
