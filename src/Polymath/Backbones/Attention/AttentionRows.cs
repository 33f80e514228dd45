using System.Buffers;
using System.Runtime.Intrinsics;
using Polymath.Native;

namespace Polymath.Backbones.Attention;

/// <summary>The arithmetic of <see cref="RowAttention"/>: one row, head by head, in a working memory that fits into the processor's cache.</summary>
internal sealed unsafe class AttentionRows
{
    private readonly int[] _offsets, _weights;
    private readonly int _heads, _width, _token;
    private readonly float _scale;

    /// <param name="offsets">Row r holds tokens offsets[r] to offsets[r + 1] − 1.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="width">Width of a head, a multiple of <see cref="SmallProduct.Step"/>.</param>
    public AttentionRows(int[] offsets, int heads, int width)
    {
        (_offsets, _heads, _width, _token, _scale) = (offsets, heads, width, 3 * heads * width, 1 / MathF.Sqrt(width));
        _weights = new int[offsets.Length];
        for (var row = 0; row < Count; row++) _weights[row + 1] = _weights[row] + heads * Length(row) * SmallProduct.Padded(Length(row));
    }

    /// <summary>The number of rows.</summary>
    public int Count => _offsets.Length - 1;

    /// <summary>Floats that hold the attention weights of all rows and heads.</summary>
    public int WeightsLength => _weights[^1];

    /// <summary>softmax(scale · q kᵀ) v of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="qkv">[T, 3, heads, width].</param>
    /// <param name="context">[T, heads, width].</param>
    /// <param name="kept">Takes the attention weights of all rows.</param>
    public void Forward(int row, float* qkv, float* context, float* kept)
    {
        int length = Length(row), across = SmallProduct.Padded(length), inner = _heads * _width;
        var memory = ArrayPool<float>.Shared.Rent(_width * across);
        fixed (float* keys = memory)
            for (var head = 0; head < _heads; head++)
            {
                var q = qkv + (long)_offsets[row] * _token + head * _width;
                var weights = kept + _weights[row] + head * length * across;
                Transpose(q + inner, keys, length, across);
                SmallProduct.Multiply(q, _token, 1, keys, across, weights, across, length, _width, across);
                for (var token = 0; token < length; token++) Softmax(weights + token * across, length, across);
                SmallProduct.Multiply(weights, across, 1, q + 2 * inner, _token, context + (long)_offsets[row] * inner + head * _width, inner, length, length, _width);
            }
        ArrayPool<float>.Shared.Return(memory);
    }

    /// <summary>The gradient by queries, keys and values, from that by the result.</summary>
    /// <param name="row">The row.</param>
    /// <param name="qkv">[T, 3, heads, width].</param>
    /// <param name="gradient">By the result, [T, heads, width].</param>
    /// <param name="result">By queries, keys and values, [T, 3, heads, width].</param>
    /// <param name="kept">The attention weights of all rows.</param>
    public void Backward(int row, float* qkv, float* gradient, float* result, float* kept)
    {
        int length = Length(row), across = SmallProduct.Padded(length), inner = _heads * _width;
        var memory = ArrayPool<float>.Shared.Rent(_width * across + length * across);
        fixed (float* values = memory)
        {
            var change = values + _width * across;
            for (var head = 0; head < _heads; head++)
            {
                var q = qkv + (long)_offsets[row] * _token + head * _width;
                var by = result + (long)_offsets[row] * _token + head * _width;
                var g = gradient + (long)_offsets[row] * inner + head * _width;
                var weights = kept + _weights[row] + head * length * across;
                SmallProduct.Multiply(weights, 1, across, g, inner, by + 2 * inner, _token, length, length, _width); // by values: weightsᵀ g
                Transpose(q + 2 * inner, values, length, across);
                SmallProduct.Multiply(g, inner, 1, values, across, change, across, length, _width, across); // by weights: g vᵀ
                for (var token = 0; token < length; token++) SoftmaxGradient(weights + token * across, change + token * across, across);
                SmallProduct.Multiply(change, across, 1, q + inner, _token, by, _token, length, length, _width); // by queries
                SmallProduct.Multiply(change, 1, across, q, _token, by + inner, _token, length, length, _width); // by keys
            }
        }
        ArrayPool<float>.Shared.Return(memory);
    }

    private int Length(int row) => _offsets[row + 1] - _offsets[row];

    /// <summary>Scores → weights, 0 behind the last token.</summary>
    private void Softmax(float* scores, int length, int across)
    {
        for (var i = length; i < across; i++) scores[i] = float.NegativeInfinity;
        var most = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < across; i += SmallProduct.Step) most = Vector512.Max(most, Vector512.Load(scores + i));
        var highest = Vector512.Create(Highest(most));
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < across; i += SmallProduct.Step)
        {
            var weight = Vector512.Exp((Vector512.Load(scores + i) - highest) * _scale);
            weight.Store(scores + i);
            sum += weight;
        }
        var share = Vector512.Create(1 / Vector512.Sum(sum));
        for (var i = 0; i < across; i += SmallProduct.Step) (Vector512.Load(scores + i) * share).Store(scores + i);
    }

    /// <summary>change ← scale · weights · (change − Σ change · weights), the gradient by the scores before they are scaled.</summary>
    private void SoftmaxGradient(float* weights, float* change, int across)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < across; i += SmallProduct.Step) sum = Vector512.FusedMultiplyAdd(Vector512.Load(weights + i), Vector512.Load(change + i), sum);
        var mean = Vector512.Create(Vector512.Sum(sum));
        for (var i = 0; i < across; i += SmallProduct.Step) (Vector512.Load(weights + i) * (Vector512.Load(change + i) - mean) * _scale).Store(change + i);
    }

    private static float Highest(Vector512<float> values)
    {
        var half = Vector256.Max(values.GetLower(), values.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return MathF.Max(MathF.Max(quarter[0], quarter[1]), MathF.Max(quarter[2], quarter[3]));
    }

    /// <summary>One head's vectors of a row's tokens as [width, tokens], 0 behind the last token.</summary>
    private void Transpose(float* from, float* to, int length, int across)
    {
        for (var i = 0; i < _width; i++, to += across)
        {
            for (var token = 0; token < length; token++) to[token] = from[token * _token + i];
            for (var token = length; token < across; token++) to[token] = 0;
        }
    }
}
