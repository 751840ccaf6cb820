UPDATE owners SET is_erased = is_erased WHERE owner = $1 AND is_erased = 0
