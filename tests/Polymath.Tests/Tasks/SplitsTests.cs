using CsCheck;
using Polymath.Tasks;

namespace Polymath.Tests;

public class SplitsTests
{
    private static readonly Gen<int[]> _labels = Gen.Int[0, 4].Array[10, 80];

    [Fact]
    public void A_split_keeps_every_row_once_and_every_share_within_one() =>
        Gen.Select(_labels, Gen.Double[0.1, 0.9], Gen.Int).Sample((labels, fraction, seed) =>
        {
            var (train, test) = Splits.Stratified(labels, fraction, seed);
            Assert.Equal(Enumerable.Range(0, labels.Length), train.Concat(test).Order());
            foreach (var rows in Enumerable.Range(0, labels.Length).GroupBy(row => labels[row]))
            {
                var taken = test.Count(row => labels[row] == rows.Key);
                Assert.InRange(taken, Math.Min(rows.Count() - 1, Math.Floor(rows.Count() * fraction)), Math.Min(rows.Count() - 1, Math.Ceiling(rows.Count() * fraction)));
            }
        }, iter: 500);

    [Fact]
    public void The_test_part_has_its_share_of_all_rows()
    {
        int[] labels = [.. Enumerable.Range(0, 1000).Select(row => row % 7)];
        Assert.Equal(200, Splits.Stratified(labels, 0.2, 1).Test.Length);
        Assert.Equal(333, Splits.Stratified(labels, 0.3333, 1).Test.Length);
    }

    [Fact]
    public void Folds_have_equal_shares_of_every_class_within_one() =>
        Gen.Select(_labels, Gen.Int[2, 10], Gen.Int).Sample((labels, k, seed) =>
        {
            var fold = Splits.Folds(labels, k, seed);
            Assert.All(fold, f => Assert.InRange(f, 0, k - 1));
            int[] Sizes(Func<int, bool> row) => [.. Enumerable.Range(0, k).Select(f => Enumerable.Range(0, labels.Length).Count(at => fold[at] == f && row(at)))];
            Assert.True(Sizes(_ => true) is var all && all.Max() - all.Min() <= 1);
            foreach (var label in labels.Distinct())
                Assert.True(Sizes(at => labels[at] == label) is var sizes && sizes.Max() - sizes.Min() <= 1);
        }, iter: 500);

    [Fact]
    public void A_seed_gives_the_same_split_for_ever()
    {
        int[] labels = [0, 1, 0, 1, 0, 1, 0, 1, 2, 2];
        Assert.Equal(Splits.Folds(labels, 3, 7), Splits.Folds(labels, 3, 7));
        Assert.NotEqual(Splits.Folds(labels, 3, 7), Splits.Folds(labels, 3, 8));
    }

    [Fact]
    public void Impossible_splits_are_one_line()
    {
        DataFileTests.OneLineError(() => Splits.Stratified([0, 1], 0, 1), "between 0 and 1");
        DataFileTests.OneLineError(() => Splits.Stratified([0, 1], double.NaN, 1), "between 0 and 1");
        DataFileTests.OneLineError(() => Splits.Stratified([0, 1, 2], 0.5, 1), "cannot be split");
        DataFileTests.OneLineError(() => Splits.Folds([0, 1], 3, 1), "3 folds of 2 rows");
    }
}
