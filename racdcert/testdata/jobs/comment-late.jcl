//LATE     JOB 1
//RUN      EXEC PGM=IKJEFT01
//SYSTSIN  DD *
  /* a comment over -
     several lines -
     that ends here */ RACDCERT ID(LATE1) -
  ADDRING(LateRing) /* and one -
  inside */
  /*************************************************************/
  /* boxed                                                     */
  /*************************************************************/
  RACDCERT /* the function: */ LISTRING /* the ring: */ (LateRing) -
    /* the owner: */ ID(LATE1)
/*
