kubectl edit deployment counter
