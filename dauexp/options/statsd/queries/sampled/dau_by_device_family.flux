// The sizes of all sets of a day, by device family, over the sample rate: right for requests,
// not for distinct users.
// needs: sample_rate
import "experimental"

from(bucket: bucket)
  |> range(start: experimental.addDuration(d: 1us, to: first_day), stop: experimental.addDuration(d: 1d1us, to: last_day))
  |> filter(fn: (r) => r._measurement == measurement and r._field == "value")
  |> timeShift(duration: -1us) // a flush at midnight ends a day
  |> group(columns: ["device_family"])
  |> window(every: 1d, createEmpty: true)
  |> sum()
  |> fill(value: 0)
  |> map(fn: (r) => ({day: r._start, segment: r.device_family, value: float(v: r._value) / sample_rate}))
