//MARK     JOB 1
//RUN      EXEC PGM=IKJEFT01
//SYSTSIN  DD *
  /* ---------------- closed, with a mark behind ---------------- */ -
  RACDCERT ID(MARK1) +
    /* before the ring */ +
    ADDRING(MarkRing) /* after it */ -
    /* the end */
  /* this comment has no end, and its line ends in a mark -
  RACDCERT ID(MARK1) ADDRING(Swallowed)
  RACDCERT ID(MARK1) LISTRING
/*
