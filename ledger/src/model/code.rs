//! What became of an event.

/// Declares the codes with their numbers and sentences.
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $number:literal, $says:literal;)*) => {
        /// What became of an event. The order is the precedence: of several reasons the one with the lowest number is answered.
        ///
        /// The numbers are those of the wire and of the files; they never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$meta])* #[doc = concat!("`", $number, "`: ", $says, ".")] $name = $number,)*
        }

        impl Code {
            /// Every code, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code of a number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// One sentence, without its full stop.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self {
                    $(Self::$name => $says,)*
                }
            }

            /// The name, as programs write it: `exceeds_credits`.
            #[must_use]
            pub fn name(self) -> String {
                snake(stringify_of(self))
            }
        }

        const fn stringify_of(code: Code) -> &'static str {
            match code {
                $(Code::$name => stringify!($name),)*
            }
        }
    };
}

fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 8);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() {
            if at != 0 {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        } else {
            snake.push(letter);
        }
    }
    snake
}

codes! {
    Ok = 0, "it happened";
    Exists = 1, "it happened before, with the same content";

    LinkedEventFailed = 2, "another event of its chain failed";
    LinkedEventChainOpen = 3, "the batch ends within its chain";

    // What the event itself says.
    UnknownFlags = 10, "a flag that has no name";
    TimestampMustBeZero = 11, "a request has no timestamp";
    IdMustNotBeZero = 12, "the id is 0";
    IdMustNotBeIntMax = 13, "the id is the largest number";
    FlagsAreMutuallyExclusive = 14, "two flags contradict each other";
    BalancesMustBeZero = 15, "a new account has no balances";
    LedgerMustNotBeZero = 16, "the ledger is 0";
    CodeMustNotBeZero = 17, "the code is 0";

    // The same id, other content.
    ExistsWithDifferentFlags = 30, "the id is taken by an event with other flags";
    ExistsWithDifferentPendingId = 31, "the id is taken by an event with another pending id";
    ExistsWithDifferentTimeout = 32, "the id is taken by an event with another timeout";
    ExistsWithDifferentDebitAccountId = 33, "the id is taken by an event with another debit account";
    ExistsWithDifferentCreditAccountId = 34, "the id is taken by an event with another credit account";
    ExistsWithDifferentAmount = 35, "the id is taken by an event with another amount";
    ExistsWithDifferentUserData128 = 36, "the id is taken by an event with other user data (128)";
    ExistsWithDifferentUserData64 = 37, "the id is taken by an event with other user data (64)";
    ExistsWithDifferentUserData32 = 38, "the id is taken by an event with other user data (32)";
    ExistsWithDifferentLedger = 39, "the id is taken by an event in another ledger";
    ExistsWithDifferentCode = 40, "the id is taken by an event with another code";
    ExistsWithDifferentCurrency = 41, "the ledger has another currency";
    ExistsWithDifferentContent = 42, "the id is taken by an event of another kind or with other content";

    // A transfer or transaction, by itself.
    DebitAccountIdMustNotBeZero = 50, "the debit account's id is 0";
    DebitAccountIdMustNotBeIntMax = 51, "the debit account's id is the largest number";
    CreditAccountIdMustNotBeZero = 52, "the credit account's id is 0";
    CreditAccountIdMustNotBeIntMax = 53, "the credit account's id is the largest number";
    AccountsMustBeDifferent = 54, "debit and credit account are the same";
    PendingIdMustBeZero = 55, "a pending id without posting or voiding";
    PendingIdMustNotBeZero = 56, "posting or voiding without a pending id";
    PendingIdMustNotBeIntMax = 57, "the pending id is the largest number";
    PendingIdMustBeDifferent = 58, "a transfer cannot post or void itself";
    TimeoutReservedForPending = 59, "a timeout without the pending flag";
    ClosingMustBePending = 60, "closing without the pending flag";
    AmountMustNotBeZero = 61, "the amount is 0";
    TooFewLegs = 62, "a transaction has at least two legs";
    TooManyLegs = 63, "a transaction has at most 128 legs";
    RateIsInvalid = 64, "the rate is 0 or has no denominator";

    // What the state says.
    LedgerNotFound = 80, "the ledger is not defined";
    DebitAccountNotFound = 81, "there is no such debit account";
    CreditAccountNotFound = 82, "there is no such credit account";
    AccountsMustHaveTheSameLedger = 83, "the accounts are of different ledgers";
    TransferMustHaveTheSameLedgerAsAccounts = 84, "the accounts are of another ledger";
    LegsAreNotBalanced = 85, "the debits of a currency are not its credits";
    ExchangeMustBeBetweenLedgers = 86, "an exchange's accounts are not of two ledgers";
    ExchangeIsTooSmall = 87, "an exchange of less than a minor unit";
    PendingTransferNotFound = 88, "there is no such pending transfer";
    PendingTransferNotPending = 89, "the transfer to post or void is not a pending one";
    PendingTransferHasDifferentDebitAccountId = 90, "the pending transfer debits another account";
    PendingTransferHasDifferentCreditAccountId = 91, "the pending transfer credits another account";
    PendingTransferHasDifferentLedger = 92, "the pending transfer is of another ledger";
    PendingTransferHasDifferentCode = 93, "the pending transfer has another code";
    ExceedsPendingTransferAmount = 94, "more than was reserved";
    PendingTransferHasDifferentAmount = 95, "voiding releases all of what was reserved";
    PendingTransferAlreadyPosted = 96, "the pending transfer was posted before";
    PendingTransferAlreadyVoided = 97, "the pending transfer was voided before";
    PendingTransferExpired = 98, "the pending transfer's time ran out";
    DebitAccountAlreadyClosed = 99, "the debit account is closed";
    CreditAccountAlreadyClosed = 100, "the credit account is closed";
    OverflowsDebitsPending = 101, "the debit account's pending debits would exceed the limit of 10^38 - 1";
    OverflowsCreditsPending = 102, "the credit account's pending credits would exceed the limit of 10^38 - 1";
    OverflowsDebitsPosted = 103, "the debit account's posted debits would exceed the limit of 10^38 - 1";
    OverflowsCreditsPosted = 104, "the credit account's posted credits would exceed the limit of 10^38 - 1";
    OverflowsDebits = 105, "the debit account's debits would exceed the limit of 10^38 - 1";
    OverflowsCredits = 106, "the credit account's credits would exceed the limit of 10^38 - 1";
    OverflowsTimeout = 107, "the timeout ends after the end of time";
    ExceedsCredits = 108, "the debit account has not so much";
    ExceedsDebits = 109, "the credit account lacks not so much";
}

impl Code {
    /// The number, as on the wire and in the files.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Whether the event is in the ledger, by this request or an earlier one.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Ok | Self::Exists)
    }

    /// Whether it depends on the state, so that the same event could do better later. Such a failure is remembered by the event's id: whoever asks
    /// again, not having heard the answer, gets the same one.
    #[must_use]
    pub const fn is_remembered(self) -> bool {
        self.number() >= Self::LedgerNotFound.number()
    }
}

impl core::fmt::Display for Code {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.says())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_codes() {
        for code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), Some(*code));
        }
        assert_eq!(Code::from_number(9), None);
        assert_eq!(
            Code::ExistsWithDifferentUserData128.name(),
            "exists_with_different_user_data128"
        );
    }
}
