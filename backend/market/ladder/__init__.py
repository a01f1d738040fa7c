"""The ladder of price sources: several are asked, one answer is taken, and the others' are shown beside it."""
