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

joined = active
  |> group(columns: ["_value"])
  |> sort(columns: ["_time"])
  |> limit(n: 1)
  |> group()
  |> timeShift(duration: 7d, columns: ["_time"])

retained = join(tables: {joined: joined, active: active}, on: ["_time", "_value"])

// Users and retained users of each day are told apart by numbers that are added up.
union(tables: [
  active |> map(fn: (r) => ({day: r._time, users: 0.0, retained: 0.0})),
  joined |> map(fn: (r) => ({day: r._time, users: 1.0, retained: 0.0})),
  retained |> map(fn: (r) => ({day: r._time, users: 0.0, retained: 1.0})),
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
