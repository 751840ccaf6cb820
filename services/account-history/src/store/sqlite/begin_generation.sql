UPDATE generations
SET last = last + 1, building = last + 1, announced = 0, missed = 0
RETURNING building
