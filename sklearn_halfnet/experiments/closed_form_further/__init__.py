"""What a fitted ridge read-out gives away: intervals, streams, depth, weights."""
